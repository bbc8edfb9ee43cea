using System.Threading.Channels;
using Parcae.Silo.Availability;
using Xunit;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>Follows a source in the background and hands out what it says.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<AvailabilityNotice> _heard = Channel.CreateUnbounded<AvailabilityNotice>();
    private readonly Task _watching;

    public Watcher(IAvailabilitySource source) => _watching = Task.Run(async () =>
    {
        try
        {
            await foreach (var notice in source.WatchAsync(_stop.Token)) _heard.Writer.TryWrite(notice);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _heard.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _heard.Writer.TryComplete(e);
        }
    });

    /// <summary>The next notice, which must come soon.</summary>
    public async Task<AvailabilityNotice> NextAsync() => await _heard.Reader.ReadAsync().AsTask().WaitAsync(Patience.Long);

    /// <summary>Asserts that nothing has been said that was not handed out.</summary>
    public void AssertNothing() => Assert.False(_heard.Reader.TryPeek(out var notice), $"There is another notice: {notice}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.WaitAsync(Patience.Long);
        _stop.Dispose();
    }
}
