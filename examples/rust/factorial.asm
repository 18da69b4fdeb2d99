; prints 20!
push 20
store n
push 1
store r
again:
load n
jumpzero done
load r
load n
mul
store r
load n
push 1
sub
store n
jump again
done:
load r
print
halt
