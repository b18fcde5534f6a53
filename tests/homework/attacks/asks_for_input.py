# ran
# cell 1: EOFError: EOF when reading a line
# %%
name = input("Your name?")
