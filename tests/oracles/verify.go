// What Go's golang.org/x/mod/sumdb says about our proof log. It is told questions as lines of JSON and answers each with
// a line of JSON: {"ok": true, ...} or {"ok": false, "error": "..."}. None of our code is in it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Ask    string   // which of the questions below
	Leaves [][]byte // texts of all leaves
	Leaf   []byte   // text of one leaf
	Index  int64
	Size   int64
	Old    int64
	Root   []byte
	Before []byte // the root of the older tree
	Proof  [][]byte
	Note   string
	Keys   []string // verifier keys
	Secret string   // a signer's key
	Folder string   // tiles as files
	Count  int64    // so many leaves from Index on
}

type answer struct {
	OK         bool     `json:"ok"`
	Error      string   `json:"error,omitempty"`
	Root       []byte   `json:"root,omitempty"`
	Size       int64    `json:"size,omitempty"`
	Origin     string   `json:"origin,omitempty"`
	Hashes     [][]byte `json:"hashes,omitempty"`
	Note       string   `json:"note,omitempty"`
	Signatures []string `json:"signatures,omitempty"`
	Unverified []string `json:"unverified,omitempty"`
	Key        string   `json:"key,omitempty"`
}

type memory []tlog.Hash

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		found[i] = (*m)[at]
	}
	return found, nil
}

func grown(leaves [][]byte) (*memory, error) {
	stored := &memory{}
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(n), leaf, stored)
		if err != nil {
			return nil, err
		}
		*stored = append(*stored, hashes...)
	}
	return stored, nil
}

// tiles reads what c2sp.org/tlog-tiles describes from a folder; tlog's own paths differ by the height in them.
type tiles string

func (t tiles) Height() int                         { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(t), path))
		if err != nil {
			return nil, err
		}
		found[i] = data
	}
	return found, nil
}

func hash(data []byte) (found tlog.Hash, err error) {
	if len(data) != len(found) {
		return found, fmt.Errorf("a hash of %d bytes", len(data))
	}
	copy(found[:], data)
	return found, nil
}

func hashes(all [][]byte) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(all))
	for i, data := range all {
		var err error
		if found[i], err = hash(data); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func plain(all []tlog.Hash) [][]byte {
	found := make([][]byte, len(all))
	for i := range all {
		found[i] = append([]byte{}, all[i][:]...)
	}
	return found
}

// opened checks the signatures of a note, and reads it as a c2sp.org/tlog-checkpoint.
func opened(q question) (*note.Note, string, tlog.Tree, error) {
	var tree tlog.Tree
	var known []note.Verifier
	for _, key := range q.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, "", tree, err
		}
		known = append(known, verifier)
	}
	it, err := note.Open([]byte(q.Note), note.VerifierList(known...))
	if err != nil {
		return nil, "", tree, err
	}
	lines := strings.Split(it.Text, "\n")
	if len(lines) < 4 {
		return nil, "", tree, fmt.Errorf("a checkpoint of %d lines", len(lines))
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return nil, "", tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return it, lines[0], tree, err
}

func answered(q question) (a answer, err error) {
	switch q.Ask {
	case "grow": // the root over leaves, and the proofs that Go makes
		stored, err := grown(q.Leaves)
		if err != nil {
			return a, err
		}
		root, err := tlog.TreeHash(q.Size, stored)
		a.Root, a.Size = root[:], q.Size
		return a, err
	case "prove-inclusion":
		stored, err := grown(q.Leaves)
		if err != nil {
			return a, err
		}
		proof, err := tlog.ProveRecord(q.Size, q.Index, stored)
		a.Hashes = plain(proof)
		return a, err
	case "prove-consistency":
		stored, err := grown(q.Leaves)
		if err != nil {
			return a, err
		}
		proof, err := tlog.ProveTree(q.Size, q.Old, stored)
		a.Hashes = plain(proof)
		return a, err
	case "inclusion":
		proof, err := hashes(q.Proof)
		if err != nil {
			return a, err
		}
		root, err := hash(q.Root)
		if err != nil {
			return a, err
		}
		return a, tlog.CheckRecord(proof, q.Size, root, q.Index, tlog.RecordHash(q.Leaf))
	case "consistency":
		proof, err := hashes(q.Proof)
		if err != nil {
			return a, err
		}
		root, err := hash(q.Root)
		if err != nil {
			return a, err
		}
		before, err := hash(q.Before)
		if err != nil {
			return a, err
		}
		return a, tlog.CheckTree(proof, q.Size, root, q.Old, before)
	case "open":
		it, origin, tree, err := opened(q)
		if err != nil {
			return a, err
		}
		a.Origin, a.Size, a.Root = origin, tree.N, tree.Hash[:]
		for _, one := range it.Sigs {
			a.Signatures = append(a.Signatures, one.Name)
		}
		for _, one := range it.UnverifiedSigs {
			a.Unverified = append(a.Unverified, one.Name)
		}
		return a, nil
	case "sign":
		signer, err := note.NewSigner(q.Secret)
		if err != nil {
			return a, err
		}
		signed, err := note.Sign(&note.Note{Text: q.Note}, signer)
		a.Note = string(signed)
		return a, err
	case "generate":
		secret, key, err := note.GenerateKey(nil, q.Note)
		a.Note, a.Key = secret, key
		return a, err
	case "tiles": // the note's tree, read from tiles: hashes of Count leaves from Index on, each authenticated
		_, origin, tree, err := opened(q)
		if err != nil {
			return a, err
		}
		wanted := make([]int64, q.Count)
		for i := range wanted {
			wanted[i] = tlog.StoredHashIndex(0, q.Index+int64(i))
		}
		found, err := tlog.TileHashReader(tree, tiles(q.Folder)).ReadHashes(wanted)
		a.Origin, a.Size, a.Root, a.Hashes = origin, tree.N, tree.Hash[:], plain(found)
		return a, err
	}
	return a, fmt.Errorf("no such question: %q", q.Ask)
}

func main() {
	asked, told := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for questions := json.NewDecoder(asked); questions.More(); {
		var q question
		if err := questions.Decode(&q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		a, err := answered(q)
		if a.OK = err == nil; err != nil {
			a = answer{Error: err.Error()}
		}
		if err := told.Encode(a); err != nil {
			os.Exit(1)
		}
	}
}
