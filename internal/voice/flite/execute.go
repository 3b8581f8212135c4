package flite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tetratelabs/wazero"
	memory "github.com/tetratelabs/wazero/experimental"
	experimental "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"

	"nacre/internal/call"
	"nacre/internal/voice/resample"
	"nacre/internal/voice/wav"
)

const outputName = "speech.wav"

// maxOutput bounds the speech of one sentence in bytes: more than two minutes at 16 kHz.
const maxOutput = 4 << 20

// execute runs Flite by its command line: the module is a WASI command, so every sentence gets a new instance.
func (s *synthesiser) execute(ctx context.Context, voiceID, sentence string) ([]int16, error) {
	output := &memoryFile{}
	var complaint limitedBuffer
	files := wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(outputFolder{file: output}, "/")
	config := wazero.NewModuleConfig().
		WithName(""). // nameless instances may exist side by side
		WithArgs("flite", "-voice", voiceID, "-t", sentence, "-o", "/"+outputName).
		WithStdout(&complaint).WithStderr(&complaint).
		WithFSConfig(files)
	instance, err := s.runtime.InstantiateModule(memory.WithMemoryAllocator(ctx, &s.memories), s.compiled, config)
	if instance != nil {
		defer instance.Close(ctx) //nolint:errcheck // frees memory; nothing can be left unwritten
	}
	if exit := (*sys.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 0 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("run embedded voice: %w %s", err, complaint.Bytes())
	}
	audio, err := wav.Read(bytes.NewReader(output.data))
	if err != nil {
		return nil, fmt.Errorf("read what the embedded voice said: %w %s", err, complaint.Bytes())
	}
	samples, err := resample.All(audio.Channel(0), audio.Rate, call.SampleRate)
	if err != nil {
		return nil, fmt.Errorf("read what the embedded voice said: %w", err)
	}
	return samples, nil
}

// outputFolder is the file system of Flite: one file to write to.
type outputFolder struct {
	experimental.UnimplementedFS
	file *memoryFile
}

func (f outputFolder) OpenFile(path string, _ experimental.Oflag, _ fs.FileMode) (experimental.File, experimental.Errno) {
	switch path {
	case ".":
		return folder{}, 0
	case outputName:
		return f.file, 0
	default:
		return nil, experimental.ENOENT
	}
}

// folder is the root directory, which WASI opens before its first file.
type folder struct{ experimental.UnimplementedFile }

func (folder) IsDir() (bool, experimental.Errno) { return true, 0 }

func (folder) Stat() (sys.Stat_t, experimental.Errno) {
	return sys.Stat_t{Mode: fs.ModeDir | 0o700, Nlink: 1}, 0
}

// memoryFile is a file in memory that is written sequentially.
type memoryFile struct {
	experimental.UnimplementedFile
	data []byte
}

func (f *memoryFile) Stat() (sys.Stat_t, experimental.Errno) {
	return sys.Stat_t{Mode: 0o600, Nlink: 1, Size: int64(len(f.data))}, 0
}

func (f *memoryFile) Write(p []byte) (int, experimental.Errno) {
	if len(f.data)+len(p) > maxOutput {
		return 0, experimental.EIO
	}
	f.data = append(f.data, p...)
	return len(p), 0
}

// limitedBuffer keeps the first bytes of what is written to it.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, 500-b.Len()))])
	return len(p), nil
}
