# timed out: Of task 1 there is no answer within 2 seconds of computing.
# answers: {"1": "no answer within 2 seconds of computing", "2": {"value": 14}}
# limits: cpu=5
# %%
def double(x):
    while x == 21:
        pass
    return 2 * x
