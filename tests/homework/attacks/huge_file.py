# ran
# cell 1: OSError: File too large
# %%
with open("huge", "wb") as file:
    while True:
        file.write(bytes(2**16))
