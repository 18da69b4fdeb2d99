: next-number ( a b -- b a+b ) tuck + ;
: fibonacci ( n -- )
  0 1 rot 1 ?do over 0 .r space next-number loop drop 0 .r cr ;

10 fibonacci
