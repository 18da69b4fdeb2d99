// Indexes texts with several workers and answers questions about words.
// Run it: runyard run examples/go
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	index, err := Build([]string{"sea.txt", "forest.txt", "city.txt"}, 3)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d words\n", index.Size())
	for _, question := range []string{"light", "the light", "Quiet wind", "dragon"} {
		found := index.Find(strings.Fields(question)...)
		if len(found) == 0 {
			fmt.Printf("%q is nowhere\n", question)
			continue
		}
		fmt.Printf("%q is in %s\n", question, strings.Join(found, ", "))
	}
}
