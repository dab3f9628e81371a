// Checks a day's proof with Go's golang.org/x/mod, in the folder that the file was unpacked into:
//
//	go mod init check && go get golang.org/x/mod && go run check.go KEY
//
// KEY is the verifier key of the office's log, from a source that you trust more than this file.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles are the log's hashes, as files. Go's own names for them have the height 8 in their path.
type tiles struct{}

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		var err error
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		if found[i], err = os.ReadFile(filepath.FromSlash(name)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, facts ...any) {
	fmt.Printf("WRONG: "+format+"\n", facts...)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 2 {
		fail("say the log's verifier key: check KEY")
	}
	verifier, err := note.NewVerifier(os.Args[1])
	must(err, "the key")
	signed, err := os.ReadFile("checkpoint")
	must(err, "checkpoint")
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("checkpoint is of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "checkpoint")
	root, err := tlog.ParseHash(lines[2])
	must(err, "checkpoint")

	var about struct {
		Stream      string
		First, Last int64
		Events      int
	}
	text, err := os.ReadFile("day.json")
	must(err, "day.json")
	must(json.Unmarshal(text, &about), "day.json")
	if about.First < 0 || about.Last < about.First || about.Last >= size {
		fail("day.json speaks of leaves that the log has not")
	}
	wanted := make([]int64, 0, about.Last-about.First+1)
	for leaf := about.First; leaf <= about.Last; leaf++ {
		wanted = append(wanted, tlog.StoredHashIndex(0, leaf))
	}
	hashes, err := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{}).ReadHashes(wanted)
	must(err, "the tiles")

	leaves, err := os.ReadFile("leaves.txt")
	must(err, "leaves.txt")
	file, err := os.Open("events.jsonl")
	must(err, "events.jsonl")
	events := bufio.NewReader(file)
	version, seen, closed := 0, map[string]bool{}, false
	for i, leaf := range hashes {
		end := 0
		for range 5 {
			line := bytes.IndexByte(leaves[end:], '\n')
			if line < 0 {
				fail("leaves.txt ends before leaf %d", about.First+int64(i))
			}
			end += line + 1
		}
		if tlog.RecordHash(leaves[:end]) != leaf {
			fail("leaf %d of leaves.txt is not in the log", about.First+int64(i))
		}
		says := strings.Split(string(leaves[:end]), "\n")
		leaves = leaves[end:]
		if place := says[1] + "\n" + says[2]; seen[place] {
			fail("version %s of %s is in the log twice", says[2], says[1])
		} else {
			seen[place] = true
		}
		if says[1] != about.Stream {
			continue
		}
		version++
		opens, closes := strings.HasPrefix(says[3], "day-opened/"), strings.HasPrefix(says[3], "day-closed/")
		if opens != (version == 1) {
			fail("the day does not begin where it is opened (leaf %d)", about.First+int64(i))
		}
		closed = closes || closed && !strings.HasPrefix(says[3], "day-reopened/")
		event, _ := events.ReadString('\n')
		begin := fmt.Sprintf(`{"leaf":%d,"event":`, about.First+int64(i))
		event, whole := strings.CutSuffix(strings.TrimPrefix(event, begin), "}\n")
		if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(event))); says[2] != strconv.Itoa(version) || !whole || sum != says[4] {
			fail("event %d of events.jsonl is not what leaf %d commits to", version, about.First+int64(i))
		}
	}
	if rest, _ := events.ReadString('\n'); rest != "" || len(leaves) > 0 || version != about.Events {
		fail("the file holds more or less than day.json says")
	}
	if !closed {
		fail("the %d events are true, but the day was not closed after them", version)
	}
	fmt.Printf("OK: %s, %d events, complete and as signed by %s at %d leaves\n",
		about.Stream, version, verifier.Name(), size)
}
