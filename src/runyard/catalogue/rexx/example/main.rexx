a = 0
b = 1
line = ""
do 10
  line = line a
  next = a + b
  a = b
  b = next
end
say strip(line)
