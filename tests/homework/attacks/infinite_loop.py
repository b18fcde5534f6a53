# timed out: It computed for more than 2 seconds.
# limits: cpu=2
# %%
while True:
    pass
