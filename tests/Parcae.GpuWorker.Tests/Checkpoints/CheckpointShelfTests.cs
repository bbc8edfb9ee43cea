using System.IO.Hashing;
using Parcae.GpuWorker.Checkpoints;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints;

public sealed class CheckpointShelfTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointStore _store;
    private readonly byte[] _bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];

    public CheckpointShelfTests()
    {
        _store = new CheckpointStore(_folder.Path, "job-1");
        foreach (int step in new[] { 50, 25 })
        {
            _folder.File(Path.Combine("job-1", Path.GetFileName(_store.PathOf(step))), "");
            File.WriteAllBytes(_store.PathOf(step), _bytes[..(step * 20)]);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Checkpoints_are_listed_by_their_steps_with_their_lengths()
    {
        var listed = await CheckpointShelf.ListAsync(_store, null, "vault-1");
        Assert.Equal([(25, 500L, "vault-1"), (50, 1000L, "vault-1")], listed.Select(c => (c.Step, c.Bytes, c.InstanceId)));
        Assert.Equal(File.GetLastWriteTimeUtc(_store.PathOf(25)), listed[0].WrittenAt.UtcDateTime);
        Assert.Empty(await CheckpointShelf.ListAsync(new CheckpointStore(_folder.Path, "job-2"), null, "vault-1"));
    }

    [Theory]
    [InlineData(0, 600, 0, 600)]
    [InlineData(600, 600, 600, 400)]
    [InlineData(1000, 600, 0, 0)]
    [InlineData(5000, 600, 0, 0)]
    public async Task A_piece_is_what_lies_there_with_its_checksum(long offset, int count, int from, int length)
    {
        var piece = await CheckpointShelf.ReadAsync(_store, null, 50, offset, count);
        byte[] expected = _bytes[from..(from + length)];
        Assert.Equal(expected, piece.Data);
        Assert.Equal((Convert.ToHexStringLower(XxHash128.Hash(expected)), 1000L), (piece.Checksum, piece.Length));
        Assert.Equal((await CheckpointShelf.ListAsync(_store, null, "v"))[1].WrittenAt, piece.WrittenAt);
    }

    [Fact]
    public async Task What_there_is_not_is_told_with_what_there_is_and_links_are_not_followed()
    {
        var e = await Assert.ThrowsAsync<KeyNotFoundException>(() => CheckpointShelf.ReadAsync(_store, null, 30, 0, 1));
        Assert.Equal("There is no checkpoint of step 30; there are some of steps 25, 50.", e.Message);
        e = await Assert.ThrowsAsync<KeyNotFoundException>(() => CheckpointShelf.ReadAsync(new CheckpointStore(_folder.Path, "job-2"), null, 30, 0, 1));
        Assert.Equal("There is no checkpoint of step 30; there is none of this job here.", e.Message);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => CheckpointShelf.ReadAsync(_store, null, 50, -1, 1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => CheckpointShelf.ReadAsync(_store, null, 50, 0, CheckpointPiece.MaxBytes + 1));
        File.CreateSymbolicLink(_store.PathOf(75), "/etc/passwd");
        await Assert.ThrowsAsync<CheckpointException>(() => CheckpointShelf.ReadAsync(_store, null, 75, 0, 1));
    }
}
