package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"unicode"
)

// Index knows in which documents a word occurs.
type Index struct {
	mutex     sync.Mutex
	documents map[string]map[string]bool
}

// Build reads the files with a number of workers.
func Build(paths []string, workers int) (*Index, error) {
	index := &Index{documents: make(map[string]map[string]bool)}
	waiting := make(chan string)
	problems := make(chan error, len(paths))

	var group sync.WaitGroup
	for i := 0; i < workers; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for path := range waiting {
				if err := index.addFile(path); err != nil {
					problems <- err
				}
			}
		}()
	}
	for _, path := range paths {
		waiting <- path
	}
	close(waiting)
	group.Wait()
	close(problems)
	return index, <-problems
}

// Size returns how many different words there are.
func (index *Index) Size() int { return len(index.documents) }

// Find returns the documents that have every one of the words.
func (index *Index) Find(words ...string) []string {
	count := make(map[string]int)
	for _, word := range words {
		for document := range index.documents[strings.ToLower(word)] {
			count[document]++
		}
	}
	var found []string
	for document, times := range count {
		if times == len(words) {
			found = append(found, document)
		}
	}
	sort.Strings(found)
	return found
}

func (index *Index) addFile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot index: %w", err)
	}
	name := strings.TrimSuffix(path, ".txt")
	isGap := func(r rune) bool { return !unicode.IsLetter(r) }
	for _, word := range strings.FieldsFunc(strings.ToLower(string(content)), isGap) {
		index.add(word, name)
	}
	return nil
}

func (index *Index) add(word, document string) {
	index.mutex.Lock()
	defer index.mutex.Unlock()
	if index.documents[word] == nil {
		index.documents[word] = make(map[string]bool)
	}
	index.documents[word][document] = true
}
