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
    [InlineData(10, 1)] // the length
    [InlineData(0, 1)] // the magic
    [InlineData(30, 0)] // cut off inside the header
    [InlineData(68, 0)] // cut off inside the tokens
    public void A_damaged_cache_is_built_again(int at, int flip)
    {
        var file = _folder.File("a.txt", "some text");
        ulong fingerprint;
        using (var data = Open(file)) fingerprint = data.Fingerprint;
        var cache = Assert.Single(Directory.GetFiles(Cache));
        var bytes = File.ReadAllBytes(cache);
        bytes[at] ^= (byte)flip;
        File.WriteAllBytes(cache, flip == 0 ? bytes[..at] : bytes);
        using var again = Open(file);
        Assert.Equal("some text", Text(again));
        Assert.Equal(fingerprint, again.Fingerprint);
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
    public void A_missing_path_is_named()
    {
        var missing = Path.Combine(_folder.Path, "nowhere");
        Assert.Contains(missing, Assert.Throws<InvalidDataException>(() => Open(missing)).Message);
    }

    [Fact]
    public void Text_that_is_empty_or_too_short_for_a_sample_is_refused_with_its_path()
    {
        var file = _folder.File("a.txt", "");
        Assert.Equal($"{file} holds no text.", Assert.Throws<InvalidDataException>(() => Open(file)).Message);
        _folder.File("a.txt", "1234");
        var e = Assert.Throws<InvalidDataException>(() => Open(file));
        Assert.Equal($"{file} has 4 bytes of text; one sample of sequence length 4 needs 5.", e.Message);
    }

    [Fact]
    public void The_default_text_is_readable_english_without_markup()
    {
        using var data = TokenDataset.Open(new DataSpec(), 128);
        Assert.InRange(data.Length, 5_000_000, 200_000_000);
        var text = Encoding.UTF8.GetString(data.Read(0, 1_000_000));
        Assert.DoesNotContain("<see", text);
        Assert.DoesNotContain("</", text);
        Assert.Contains(" the ", text);
        Assert.Contains("\n\n", text);
    }

    private TokenDataset Open(params string[] paths) => TokenDataset.Open(new DataSpec { Paths = paths, CacheFolder = Cache }, 4);

    private static string Text(TokenDataset data) => Encoding.UTF8.GetString(data.Read(0, (int)data.Length));
}
