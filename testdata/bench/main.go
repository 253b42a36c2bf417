// Command bench writes preference pairs, or the items of a benchmark, of the corpus of package bulk as JSONL:
//
//	go run ./testdata/bench -rows 1000000 > pairs.jsonl
//	go run ./testdata/bench -items -rows 20000 > items.jsonl
//
// It is what the figures for large tables are measured on; testdata/bench/pipeline.prefab.hcl is the pipeline.
package main

import (
	"bufio"
	"flag"
	"log"
	"os"

	"github.com/prefab-build/prefab/executor/methods/synthetic/bulk"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "number of records")
	seed := flag.Uint64("seed", 1, "seed of the corpus")
	words := flag.Int("words", 50_000, "size of the vocabulary")
	items := flag.Bool("items", false, "write items of the benchmark instead of pairs")
	leaks := flag.Int("leaks", 20_000, "number of items that may have leaked into the pairs")
	flag.Parse()
	c, out := bulk.New(*seed, *words, *leaks), bufio.NewWriterSize(os.Stdout, 1<<20)
	record := c.Pair
	if *items {
		record = c.Item
	}
	for n := range *rows {
		if _, err := out.Write(append(record(n), '\n')); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
