# ran
# cell 1: FileNotFoundError: No such file or directory
# %%
import os

os.symlink("/etc/passwd", "answers.txt")
print(open("answers.txt").read())
