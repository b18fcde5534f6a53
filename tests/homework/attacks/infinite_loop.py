# timed out: It computed for more than 1 seconds.
# limits: cpu=1
# %%
while True:
    pass
