identification division.
program-id. fibonacci.
data division.
working-storage section.
01 a pic 9(4) value 0.
01 b pic 9(4) value 1.
01 c pic 9(4).
01 shown pic z(3)9.
procedure division.
    perform 9 times
        perform show-number
        display " " with no advancing
        compute c = a + b
        move b to a
        move c to b
    end-perform
    move a to shown
    display function trim(shown)
    stop run.
show-number.
    move a to shown
    display function trim(shown) with no advancing.
