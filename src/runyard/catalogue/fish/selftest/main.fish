source greeting.fish
echo $greeting
