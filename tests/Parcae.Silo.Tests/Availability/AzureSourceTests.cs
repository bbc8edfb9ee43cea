using Microsoft.Extensions.Logging;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Azure;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class AzureSourceTests : IAsyncLifetime
{
    private readonly FakeAzure _azure = new();
    private readonly LogLines<AzureSource> _log = new();
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FakeServer.StartAsync(_azure.Answer);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_preemption_of_this_machine_is_told_once_and_those_of_others_never()
    {
        _azure.Events = FakeAzure.Event("Preempt", "trainers_8", $"{_server.Clock.AddSeconds(20):R}", id: "theirs");
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(4);
        watcher.AssertNothing();

        string ours = FakeAzure.Event("Preempt", "TRAINERS_7", $"{_server.Clock.AddSeconds(29):R}", id: "ours");
        _azure.Events += "," + ours;
        var notice = await watcher.NextAsync();

        Assert.Equal(("ours", NoticeKind.Preemption, TimeSpan.FromSeconds(29), false, "Azure scheduled event Preempt"), (notice.Id, notice.Kind, notice.Remaining, notice.Advisory, notice.Reason));
        Assert.Null(notice.WhenFree);
        _azure.Events = ours.Replace("Scheduled", "Started", StringComparison.Ordinal);
        await _server.AnsweredAsync(4);
        watcher.AssertNothing();
        Assert.Empty(_log.Of(LogLevel.Warning));
    }

    [Theory]
    [InlineData("Reboot", "Maintenance", false)]
    [InlineData("Redeploy", "Maintenance", false)]
    [InlineData("Freeze", "Maintenance", true)]
    [InlineData("Terminate", "Stop", false)]
    public async Task Other_events_are_told_for_what_they_are(string type, string kind, bool advisory)
    {
        _azure.Events = FakeAzure.Event(type, "trainers_7", $"{_server.Clock.AddMinutes(15):R}", duration: 9);
        await using var watcher = new Watcher(Source());
        var notice = await watcher.NextAsync();
        Assert.Equal((kind, TimeSpan.FromMinutes(15), advisory), (notice.Kind.ToString(), notice.Remaining, notice.Advisory));
    }

    [Theory]
    [InlineData("", "Scheduled")]
    [InlineData("Tue, 06 May 2031 09:00:00 GMT", "Started")]
    public async Task An_event_that_has_begun_leaves_no_time(string notBefore, string status)
    {
        _azure.Events = FakeAzure.Event("Preempt", "trainers_7", notBefore, status);
        await using var watcher = new Watcher(Source());
        Assert.Equal(TimeSpan.Zero, (await watcher.NextAsync()).Remaining);
    }

    [Fact]
    public async Task An_approval_names_the_event()
    {
        _azure.Events = FakeAzure.Event("Terminate", "trainers_7", "", id: "e-1");
        var options = Quick.Options(_server);
        options.AzureAcknowledge = true;
        await using var watcher = new Watcher(new AzureSource(options, TimeProvider.System, _log));
        await (await watcher.NextAsync()).WhenFree!(CancellationToken.None);
        Assert.Equal("""{"StartRequests":[{"EventId":"e-1"}]}""", Assert.Single(_azure.Approved));
    }

    [Fact]
    public async Task A_time_that_is_none_is_complained_of()
    {
        _azure.Events = FakeAzure.Event("Preempt", "trainers_7", "soon", id: "e-1");
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(4);
        Assert.Contains("event e-1 has NotBefore 'soon'", Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
    }

    private AzureSource Source() => new(Quick.Options(_server), TimeProvider.System, _log);
}
