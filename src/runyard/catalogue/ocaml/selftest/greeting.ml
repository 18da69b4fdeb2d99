let text () = Words.hello ^ " ✓"
