# ran
# answers: {"1": {"value": 42}, "2": {"value": 14}}
# cell 2: RecursionError: maximum recursion depth exceeded
# %%
def deeper():
    return deeper()


# %%
deeper()


# %%
def double(x):
    return 2 * x
