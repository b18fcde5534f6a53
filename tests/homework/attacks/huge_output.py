# too much output: It printed more than 0.0625 MB.
# %%
while True:
    print("x" * 1000)
