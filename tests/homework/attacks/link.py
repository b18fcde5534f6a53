# ran
# cell 1: FileNotFoundError: No such file or directory
# %%
import os

os.symlink("/etc/passwd", "answers.txt")
with open("answers.txt") as file:
    print(file.read())
