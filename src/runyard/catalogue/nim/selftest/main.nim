import greeting

echo text
