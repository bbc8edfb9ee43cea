using Parcae.Client.Tests.Fakes;

namespace Parcae.Client.Tests.Sdk;

public sealed class CheckpointDownloadTests : IAsyncDisposable
{
    private readonly FakeJobs _service = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return _service.DisposeAsync();
    }

    [Fact]
    public async Task The_newest_checkpoint_comes_in_pieces_and_nothing_else_stays()
    {
        var told = new List<(long, long)>();
        string file = await _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, progress: new Told(told.Add), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(Path.Combine(_folder, "step-0000000050.safetensors"), file);
        Assert.Equal(_service.Checkpoint, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["read 50 0", "read 50 1048576", "read 50 2097152"], _service.Calls);
        Assert.Equal([(0, 3_000_000), (1048576, 3_000_000), (2097152, 3_000_000), (3_000_000, 3_000_000)], told);
        Assert.Equal([file], Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public async Task Interrupted_it_goes_on_where_it_was()
    {
        using var stop = new CancellationTokenSource();
        _service.OnTheWay = (offset, piece) =>
        {
            if (offset > 0) stop.Cancel();
            return piece;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, cancellation: stop.Token));
        _service.Calls.Clear();
        string file = await _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, cancellation: TestContext.Current.CancellationToken);
        Assert.DoesNotContain("read 50 0", _service.Calls);
        Assert.Equal(_service.Checkpoint, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_piece_that_is_damaged_on_its_way_is_asked_for_again()
    {
        int damaged = 0;
        _service.OnTheWay = (offset, piece) => offset > 0 && damaged++ < 2 ? piece with { Data = [.. piece.Data.Select(b => (byte)(b ^ 1))] } : piece;
        string file = await _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(_service.Checkpoint, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        _service.OnTheWay = (_, piece) => piece with { Checksum = "0" };
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("arrives damaged from vault-1 at byte 0: 1048576 of 1048576 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_written_anew_meanwhile_is_not_mixed()
    {
        _service.OnTheWay = (offset, piece) => offset > 0 ? piece with { WrittenAt = piece.WrittenAt.AddSeconds(1) } : piece;
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("was written anew on vault-1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_there_is_not_is_told_with_those_there_are()
    {
        var e = await Assert.ThrowsAsync<KeyNotFoundException>(() => _service.DownloadCheckpointAsync(FakeJobs.JobId, _folder, 30, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal($"The vault has no checkpoint of job {FakeJobs.JobId} at step 30; there are some of steps 25, 50.", e.Message);
    }

    private sealed class Told(Action<(long, long)> tell) : IProgress<(long Done, long All)>
    {
        public void Report((long Done, long All) value) => tell(value);
    }
}
