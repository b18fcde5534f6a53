# out of memory: It used more than 0.2 GB of memory.
# limits: memory=200*2**20
# %%
held = []
while True:
    held.append(b"x" * 2**22)
