use "greeting.sml";
print (text ^ "\n");
