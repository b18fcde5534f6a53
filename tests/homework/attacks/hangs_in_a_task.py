# ran
# answers: {"1": "no answer within 3 seconds", "2": {"value": 14}}
# limits: wall=8, cpu=8
# %%
def double(x):
    while x == 21:
        pass
    return 2 * x
