call "greeting.rexx"
say result
