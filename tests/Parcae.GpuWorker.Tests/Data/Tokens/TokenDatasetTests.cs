using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Parcae.GpuWorker.Data;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class TokenDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Cache => Path.Combine(_folder.Path, "cache");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_and_folders_are_read_in_order_byte_by_byte()
    {
        _folder.File("texts/b.txt", "second ");
        _folder.File("texts/a/z.txt", "first ");
        var last = _folder.File("last.txt", "zuletzt: ü");
        using var data = Open(Path.Combine(_folder.Path, "texts"), last);
        Assert.Equal("first second zuletzt: ü", Text(data));
    }

    [Fact]
    public void The_cache_is_built_once_and_again_when_a_file_changes()
    {
        var file = _folder.File("a.txt", "some text");
        using (Open(file))
        {
        }

        var built = File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(Cache)));
        using (Open(file)) Assert.Equal(built, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(Cache))));
        _folder.File("a.txt", "some other text");
        using var changed = Open(file);
        Assert.Equal("some other text", Text(changed));
    }

    [Theory]
    [InlineData(70, 1)] // a token
    [InlineData(10, 1)] // the number of tokens
    [InlineData(15, 0x80)] // a negative number of tokens
    [InlineData(16, 1)] // the checksum
    [InlineData(24, 3)] // the width
    [InlineData(24, 1)] // a width of 0
    [InlineData(0, 1)] // the magic
    [InlineData(30, 0)] // cut off inside the header
    [InlineData(64, 0)] // cut off behind the header
    [InlineData(68, 0)] // cut off inside the tokens
    public void A_damaged_cache_is_built_again(int at, int flip)
    {
        var file = _folder.File("a.txt", "some text");
        ulong fingerprint;
        using (var data = Open(file)) fingerprint = data.Fingerprint;
        var cache = Assert.Single(Directory.GetFiles(Cache));
        var bytes = File.ReadAllBytes(cache);
        bytes[at == bytes.Length ? 0 : at] ^= (byte)flip;
        File.WriteAllBytes(cache, flip == 0 ? bytes[..at] : bytes);
        using var again = Open(file);
        Assert.Equal("some text", Text(again));
        Assert.Equal(fingerprint, again.Fingerprint);
    }

    [Fact]
    public void A_cache_with_tokens_beyond_the_vocabulary_is_built_again_though_its_checksum_is_right()
    {
        var (spec, tokenizer) = Wide(300);
        spec = spec with { Paths = [_folder.File("a.txt", "hihi")] };
        using (Open(spec, tokenizer))
        {
        }

        var cache = Assert.Single(Directory.GetFiles(Cache));
        var bytes = File.ReadAllBytes(cache);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(TokenFile.HeaderSize), 301);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), XxHash3.HashToUInt64(bytes.AsSpan(TokenFile.HeaderSize)));
        File.WriteAllBytes(cache, bytes);
        using var again = Open(spec, tokenizer);
        Assert.Equal([300, 300], Ids(again));
    }

    [Fact]
    public void A_cache_that_is_a_pipe_or_a_link_to_nowhere_is_replaced()
    {
        var file = _folder.File("a.txt", "some text");
        using (Open(file))
        {
        }

        var cache = Assert.Single(Directory.GetFiles(Cache));
        File.Delete(cache);
        using (var make = System.Diagnostics.Process.Start("mkfifo", cache)) make.WaitForExit();
        using (var data = Open(file)) Assert.Equal("some text", Text(data));
        File.Delete(cache);
        File.CreateSymbolicLink(cache, Path.Combine(_folder.Path, "nowhere"));
        File.CreateSymbolicLink(cache + ".tmp", Path.Combine(_folder.Path, "victim"));
        using (var data = Open(file)) Assert.Equal("some text", Text(data));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "victim")));
        Assert.Equal([cache], Directory.GetFiles(Cache));
    }

    [Theory]
    [InlineData(200, 1)] // a token of the vocabulary that is never made: no wider
    [InlineData(300, 2)]
    [InlineData(65_535, 2)]
    [InlineData(65_536, 4)]
    [InlineData(1_000_000, 4)]
    public void Tokens_are_as_wide_as_the_vocabulary_needs(int highest, int width)
    {
        var (spec, tokenizer) = highest < 256 ? (new DataSpec { CacheFolder = Cache }, ByteTokenizer.Instance) : Wide(highest);
        spec = spec with { Paths = [_folder.File("a.txt", "hi, hi! ü")] };
        for (int round = 0; round < 2; round++) // built, then reopened
        {
            using var data = Open(spec, tokenizer);
            Assert.Equal(tokenizer.Encode("hi, hi! ü").Select(i => (long)i), Ids(data));
            Assert.Equal(TokenFile.HeaderSize + data.Length * width, new FileInfo(Assert.Single(Directory.GetFiles(Cache))).Length);
        }

        if (highest >= 256) Assert.Contains(highest, tokenizer.Encode("hi"));
    }

    [Fact]
    public void Text_is_the_same_tokens_in_whatever_pieces_it_is_read()
    {
        var (_, tokenizer) = Wide(300);
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60_000).Select(i => $"hi {i} ü\n")));
        Assert.True(text.Length > 2 * TokenFileWriter.Gathered);
        var whole = tokenizer.Encode(Encoding.UTF8.GetString(text));
        foreach (int piece in new[] { 1000, TokenFileWriter.Gathered, text.Length })
        {
            using var file = new MemoryStream();
            var writer = new TokenFileWriter(tokenizer, file);
            foreach (var part in text.Chunk(piece)) writer.Add(part);
            var header = writer.Finish();
            Assert.Equal(whole.Length, header.Tokens);
            Assert.Equal(whole.SelectMany(i => BitConverter.GetBytes((ushort)i)), file.ToArray()[TokenFile.HeaderSize..]);
        }
    }

    [Fact]
    public void Text_without_any_place_to_divide_it_is_cut_between_characters()
    {
        var (_, tokenizer) = Wide(300);
        var text = string.Concat(Enumerable.Repeat("中", 100_000)); // 3 bytes each, which do not fill a power of two
        using var file = new MemoryStream();
        var writer = new TokenFileWriter(tokenizer, file);
        writer.Add(Encoding.UTF8.GetBytes(text));
        writer.Finish();
        var ids = file.ToArray()[TokenFile.HeaderSize..].Chunk(2).Select(b => (int)BitConverter.ToUInt16(b)).ToArray();
        Assert.Equal(tokenizer.Encode(text), ids);
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    [Fact]
    public void Another_vocabulary_makes_another_cache()
    {
        var file = _folder.File("a.txt", "hihi");
        foreach (int highest in new[] { 300, 400 })
        {
            var (spec, tokenizer) = Wide(highest);
            using var data = Open(spec with { Paths = [file] }, tokenizer);
            Assert.Equal([highest, highest], Ids(data));
        }

        Assert.Equal(2, Directory.GetFiles(Cache).Length);
    }

    [Fact]
    public void Workers_that_start_together_share_one_cache()
    {
        var file = _folder.File("a.txt", new string('x', 100_000));
        Parallel.For(0, 8, _ =>
        {
            using var data = Open(file);
            Assert.Equal(100_000, data.Length);
        });
        Assert.Single(Directory.GetFiles(Cache));
    }

    [Fact]
    public void A_long_build_says_how_far_it_is()
    {
        var path = _folder.File("a.txt", "");
        using (var file = File.OpenWrite(path)) file.SetLength(130 << 20);
        var progress = new List<long>();
        using var data = TokenDataset.Open(new DataSpec { Paths = [path], CacheFolder = Cache }, ByteTokenizer.Instance, progress.Add);
        Assert.Equal([64 << 20, 128 << 20], progress);
    }

    [Fact]
    public void A_missing_path_is_named()
    {
        var missing = Path.Combine(_folder.Path, "nowhere");
        Assert.Contains(missing, Assert.Throws<InvalidDataException>(() => Open(missing)).Message);
    }

    [Fact]
    public void Text_that_is_empty_is_refused_with_its_path_and_leaves_nothing_behind()
    {
        var file = _folder.File("a.txt", "");
        Assert.Equal($"{file} holds no text.", Assert.Throws<InvalidDataException>(() => Open(file)).Message);
        Assert.Empty(Directory.GetFiles(Cache));
    }

    [Fact]
    public void A_cache_folder_that_is_a_file_is_refused()
    {
        var file = _folder.File("cache", "");
        Assert.Contains($"data.cacheFolder: {file}", Assert.Throws<InvalidDataException>(() => Open(_folder.File("a.txt", "x"))).Message);
    }

    [Fact]
    public void The_default_text_is_readable_english_without_markup()
    {
        using var data = TokenDataset.Open(new DataSpec(), ByteTokenizer.Instance);
        Assert.InRange(data.Length, 5_000_000, 200_000_000);
        var text = Encoding.UTF8.GetString(data.Raw(0, 1_000_000));
        Assert.DoesNotContain("<see", text);
        Assert.DoesNotContain("</", text);
        Assert.Contains(" the ", text);
        Assert.Contains("\n\n", text);
    }

    [Fact]
    public void Tokens_that_do_not_exist_are_not_read()
    {
        using var data = Open(_folder.File("a.txt", "some text"));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Read(5, new long[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Read(-1, new long[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Raw(long.MaxValue, 2));
    }

    // The vocabulary of bytes and one merge, "hi", with the given id.
    private (DataSpec Spec, ITokenizer Tokenizer) Wide(int id)
    {
        var spec = VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(["h i"], id), ["h i"]);
        return (spec, Tokenizers.Open(spec));
    }

    private TokenDataset Open(params string[] paths) => Open(new DataSpec { Paths = paths, CacheFolder = Cache }, ByteTokenizer.Instance);

    private static TokenDataset Open(DataSpec spec, ITokenizer tokenizer) => TokenDataset.Open(spec, tokenizer);

    private static string Text(TokenDataset data) => Encoding.UTF8.GetString(data.Raw(0, (int)data.Length));

    private static long[] Ids(TokenDataset data)
    {
        var ids = new long[data.Length];
        data.Read(0, ids);
        return ids;
    }
}
