// Reads a ledger with golang.org/x/mod/sumdb/note and sumdb/tlog, the reference implementations of
// signed notes and of tiles, and with nothing of Iolaus.
//
//	ledger read FOLDER ENTRIES        signature, every entry against the tiles, the tiles against
//	                                  the root; ENTRIES is a file with one entry on a line
//	ledger inclusion FOLDER I SIZE    the proof on standard input verifies, and none altered
//	ledger consistency FOLDER A B     likewise
//	ledger sign SECRET                signs the text on standard input
//	ledger cosign SECRET              adds the line of a cosigner, as C2SP's tlog-cosignature
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(ok bool, format string, arguments ...interface{}) {
	if !ok {
		must(fmt.Errorf(format, arguments...))
	}
}

type folder string

func (f folder) read(name string) []byte {
	data, err := ioutil.ReadFile(filepath.Join(string(f), name))
	must(err)
	return data
}

// C2SP's paths are tlog's without the height.
func c2spPath(t tlog.Tile) string {
	if t.L == -1 {
		t.L = 0
		return strings.Replace(t.Path(), "tile/8/0/", "tile/entries/", 1)
	}
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

func (f folder) Height() int { return 8 }
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		all = append(all, f.read(c2spPath(t)))
	}
	return all, nil
}
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) tree() tlog.Tree {
	verifier, err := note.NewVerifier(strings.TrimSuffix(string(f.read("verifier-key")), "\n"))
	must(err)
	n, err := note.Open(f.read("checkpoint"), note.VerifierList(verifier))
	must(err)
	check(len(n.Sigs) == 1 && len(n.UnverifiedSigs) == 0, "signers: %v", n)
	lines := strings.Split(n.Text, "\n")
	check(len(lines) == 4 && lines[0] == verifier.Name(), "origin: %q", n.Text)
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func (f folder) hashes() tlog.HashReader { return tlog.TileHashReader(f.tree(), f) }

func (f folder) root(size int64) tlog.Hash {
	hash, err := tlog.TreeHash(size, f.hashes())
	must(err)
	return hash
}

func (f folder) leaf(index int64) tlog.Hash {
	hashes, err := f.hashes().ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	must(err)
	return hashes[0]
}

func (f folder) readAll(entries string) {
	data, err := ioutil.ReadFile(entries)
	must(err)
	wanted := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	tree := f.tree()
	check(tree.N == int64(len(wanted)), "%d entries, not %d", tree.N, len(wanted))
	check(f.root(tree.N) == tree.Hash, "the root is another")
	var bundle []byte
	for i := int64(0); i < tree.N; i++ {
		if i%256 == 0 {
			check(len(bundle) == 0, "bytes left before entry %d", i)
			width := int(tree.N - i)
			if width > 256 {
				width = 256
			}
			bundle = f.read(c2spPath(tlog.Tile{H: 8, L: -1, N: i / 256, W: width}))
		}
		size := int(binary.BigEndian.Uint16(bundle))
		entry := bundle[2 : 2+size]
		bundle = bundle[2+size:]
		check(bytes.Equal(entry, wanted[i]), "entry %d is another", i)
		check(tlog.RecordHash(entry) == f.leaf(i), "the hash of entry %d is another", i)
	}
	check(len(bundle) == 0, "bytes left at the end")
	fmt.Println(tree.N, tree.Hash)
}

func proofRead() (proof []tlog.Hash) {
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		hash, err := tlog.ParseHash(scanner.Text())
		must(err)
		proof = append(proof, hash)
	}
	return
}

func numbers() (a, b int64) {
	a, err := strconv.ParseInt(os.Args[3], 10, 64)
	must(err)
	b, err = strconv.ParseInt(os.Args[4], 10, 64)
	must(err)
	return
}

// altered verifies the proof as it is, and not with any of its hashes changed.
func altered(proof []tlog.Hash, verify func([]tlog.Hash) error) {
	must(verify(proof))
	for i := range proof {
		proof[i][i%32] ^= 1
		check(verify(proof) != nil, "hash %d is not looked at", i)
		proof[i][i%32] ^= 1
	}
}

func keyParts(secret string) (name string, seed []byte) {
	parts := strings.SplitN(strings.TrimSpace(secret), "+", 5)
	check(len(parts) == 5, "no secret key")
	blob, err := base64.StdEncoding.DecodeString(parts[4])
	must(err)
	return parts[2], blob[1:]
}

func cosign(secret string, signed []byte) {
	const timestamp = 1700000000
	name, seed := keyParts(secret)
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	hash := sha256.Sum256(append([]byte(name+"\n\x04"), public...))
	text := signed[:bytes.LastIndex(signed, []byte("\n\n"))+1]
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", timestamp)), text...)
	blob := make([]byte, 12)
	copy(blob, hash[:4])
	binary.BigEndian.PutUint64(blob[4:], timestamp)
	blob = append(blob, ed25519.Sign(private, message)...)
	os.Stdout.Write(signed)
	fmt.Printf("\u2014 %s %s\n", name, base64.StdEncoding.EncodeToString(blob))
	fmt.Fprintf(os.Stderr, "%s+%x+%s\n", name, hash[:4],
		base64.StdEncoding.EncodeToString(append([]byte{4}, public...)))
}

func main() {
	switch f := folder(os.Args[2]); os.Args[1] {
	case "read":
		f.readAll(os.Args[3])
	case "inclusion":
		index, size := numbers()
		altered(proofRead(), func(proof []tlog.Hash) error {
			return tlog.CheckRecord(proof, size, f.root(size), index, f.leaf(index))
		})
	case "consistency":
		before, after := numbers()
		altered(proofRead(), func(proof []tlog.Hash) error {
			return tlog.CheckTree(proof, after, f.root(after), before, f.root(before))
		})
	case "sign":
		signer, err := note.NewSigner(strings.TrimSpace(os.Args[2]))
		must(err)
		text, err := ioutil.ReadAll(os.Stdin)
		must(err)
		signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
		must(err)
		os.Stdout.Write(signed)
	case "cosign":
		signed, err := ioutil.ReadAll(os.Stdin)
		must(err)
		cosign(os.Args[2], signed)
	}
}
