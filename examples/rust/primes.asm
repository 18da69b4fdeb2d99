; prints the primes below 30
push 2
store n
next:
load n
push 30
sub
jumpzero end
push 2
store d
try:
load n
load d
sub
jumpzero prime
load n
load d
rem
jumpzero skip
load d
push 1
add
store d
jump try
prime:
load n
print
skip:
load n
push 1
add
store n
jump next
end:
halt
