using Microsoft.Extensions.Logging;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Google;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class GoogleSourceTests : IAsyncLifetime
{
    private readonly FakeGoogle _google = new();
    private readonly LogLines<GoogleSource> _log = new();
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FakeServer.StartAsync(_google.Answer);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_preemption_is_heard_of_when_it_happens_not_at_the_next_interval()
    {
        await using var watcher = new Watcher(Source(TimeSpan.FromHours(1)));
        await WaitingAsync(2);
        watcher.AssertNothing();

        _google.Set("preempted", "TRUE");
        var notice = await watcher.NextAsync();

        Assert.Equal((NoticeKind.Preemption, TimeSpan.FromSeconds(30), "Compute Engine preemption", false), (notice.Kind, notice.Remaining, notice.Reason, notice.Advisory));
        Assert.Contains("GET /computeMetadata/v1/instance/preempted?wait_for_change=true&timeout_sec=60&last_etag=0000000000000001", _server.Asked);
        Assert.Empty(_log.Of(LogLevel.Warning));
    }

    [Fact]
    public async Task A_preemption_from_before_the_start_is_told_and_only_once()
    {
        _google.Set("preempted", "TRUE");
        await using var watcher = new Watcher(Source(TimeSpan.FromMilliseconds(10)));
        _ = await watcher.NextAsync();

        // The server answers a wait whose time is over with the value as it was.
        await WaitingAsync(2);
        // More than once: one that has just been asked may not be waiting yet.
        var ended = WaitingAsync(4);
        while (!ended.IsCompleted)
        {
            _google.EndWaits();
            await Task.WhenAny(ended, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        await ended;
        watcher.AssertNothing();
    }

    [Theory]
    [InlineData("TERMINATE_ON_HOST_MAINTENANCE", false)]
    [InlineData("MIGRATE_ON_HOST_MAINTENANCE", true)]
    public async Task Maintenance_that_the_machine_survives_is_advice(string value, bool advisory)
    {
        await using var watcher = new Watcher(Source(TimeSpan.FromHours(1)));
        await WaitingAsync(2);
        _google.Set("maintenance-event", value);
        var notice = await watcher.NextAsync();
        Assert.Equal((NoticeKind.Maintenance, TimeSpan.FromSeconds(60), advisory), (notice.Kind, notice.Remaining, notice.Advisory));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Somebody")]
    public async Task An_answer_that_is_not_Googles_is_not_believed(string? flavor)
    {
        _google.Flavor = flavor;
        _google.Set("preempted", "TRUE");
        await using var watcher = new Watcher(Source(TimeSpan.FromMilliseconds(10)));
        await _server.AnsweredAsync(6);
        watcher.AssertNothing();
        Assert.Contains(_log.Of(LogLevel.Warning), l => l.Contains($"it must have the header Metadata-Flavor: Google, this one has '{flavor}'", StringComparison.Ordinal));

        _google.Flavor = "Google";
        Assert.Equal(NoticeKind.Preemption, (await watcher.NextAsync()).Kind);
    }

    [Fact]
    public async Task A_value_that_is_not_documented_is_complained_of()
    {
        _google.Set("maintenance-event", "REPAINT");
        await using var watcher = new Watcher(Source(TimeSpan.FromMilliseconds(10)));
        await _server.AnsweredAsync(6);
        Assert.Contains("'instance/maintenance-event' is 'REPAINT'", Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
    }

    private GoogleSource Source(TimeSpan interval)
    {
        var options = Quick.Options(_server);
        options.Interval = interval;
        return new GoogleSource(options, TimeProvider.System, _log);
    }

    /// <summary>Waits until so many requests that wait have come.</summary>
    private Task WaitingAsync(int count) => Patience.Until(() => _server.Asked.Count(a => a.Contains("wait_for_change", StringComparison.Ordinal)) >= count);
}
