function text = greeting()
  text = "héllo ✓";
end
