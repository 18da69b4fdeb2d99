def text: "héllo ✓";
