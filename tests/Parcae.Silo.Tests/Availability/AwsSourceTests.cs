using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Aws;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class AwsSourceTests : IAsyncLifetime
{
    private readonly FakeImds _imds = new();
    private readonly LogLines<AwsSource> _log = new();
    private FakeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FakeServer.StartAsync(_imds.Answer);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task An_interruption_is_told_once_with_the_time_left_by_the_servers_clock()
    {
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(6);
        watcher.AssertNothing();

        _imds.Interruption = $$"""{"action": "terminate", "time": "{{_server.Clock.AddSeconds(118):yyyy-MM-ddTHH:mm:ssZ}}"}""";
        var notice = await watcher.NextAsync();

        Assert.Equal((NoticeKind.Preemption, TimeSpan.FromSeconds(118), "EC2 spot interruption: terminate", false), (notice.Kind, notice.Remaining, notice.Reason, notice.Advisory));
        await _server.AnsweredAsync(6);
        watcher.AssertNothing();
        Assert.Equal(1, _imds.TokensGiven);
        Assert.Empty(_log.Of(LogLevel.Warning));
    }

    [Fact]
    public async Task A_token_that_is_refused_is_replaced_and_nothing_is_missed()
    {
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(3);

        _imds.ExpireTokens();
        _imds.Interruption = $$"""{"action": "stop", "time": "{{_server.Clock.AddSeconds(10):O}}"}""";

        Assert.Equal(TimeSpan.FromSeconds(10), (await watcher.NextAsync()).Remaining);
        Assert.Equal(2, _imds.TokensGiven);
        Assert.Empty(_log.Of(LogLevel.Warning));
    }

    [Fact]
    public async Task A_token_is_replaced_before_its_life_is_over()
    {
        var time = new FakeTimeProvider();
        using var client = SourceHttp.Client(_server.Address, TimeSpan.FromSeconds(10));
        var token = new ImdsToken(client, TimeSpan.FromSeconds(10), time);
        _imds.TokenSeconds = 100;

        string first = await token.GetAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(79));
        string later = await token.GetAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(2));
        string last = await token.GetAsync(CancellationToken.None);

        Assert.Equal(("token-1==", "token-1==", "token-2=="), (first, later, last));
    }

    [Fact]
    public async Task A_service_that_is_switched_off_is_complained_of_once_and_asked_again()
    {
        _imds.IsOff = true;
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(5);

        string complaint = Assert.Single(_log.Of(LogLevel.Warning));
        Assert.Contains("answered with 403 Forbidden", complaint, StringComparison.Ordinal);
        Assert.Contains("must be on (HttpEndpoint enabled)", complaint, StringComparison.Ordinal);
        _imds.Interruption = """{"action": "hibernate"}""";
        _imds.IsOff = false;

        // Hibernation begins at once; it may come without a time.
        Assert.Equal(TimeSpan.Zero, (await watcher.NextAsync()).Remaining);
        Assert.Equal("Availability source aws answers again.", Assert.Single(_log.Of(LogLevel.Information)));
    }

    [Fact]
    public async Task A_rebalance_recommendation_is_advice()
    {
        _imds.Rebalance = """{"noticeTime": "2031-05-06T07:08:00Z"}""";
        await using var watcher = new Watcher(Source());
        var notice = await watcher.NextAsync();
        Assert.Equal((NoticeKind.Rebalance, true), (notice.Kind, notice.Advisory));
    }

    [Theory]
    [InlineData("""{"action": "terminate"}""", "'time' must be a time of ISO 8601")]
    [InlineData("""[]""", "it must be JSON with 'action' and 'time'")]
    [InlineData("""<html>""", "'<' is an invalid start of a value")]
    public async Task What_is_not_as_documented_is_complained_of_and_asked_again(string answer, string complaint)
    {
        _imds.Interruption = answer;
        await using var watcher = new Watcher(Source());
        await _server.AnsweredAsync(5);
        Assert.Contains(complaint, Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
        watcher.AssertNothing();
    }

    private AwsSource Source() => new(Quick.Options(_server), TimeProvider.System, _log);
}
