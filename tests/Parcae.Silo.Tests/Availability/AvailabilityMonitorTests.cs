using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Detection;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class AvailabilityMonitorTests
{
    private readonly FakePlace _place = new();
    private readonly LogLines<AvailabilityMonitor> _log = new();

    [Fact]
    public async Task A_notice_of_a_source_reaches_the_fleet_once_despite_failures_and_later_questions()
    {
        _place.OnTry = attempt => attempt < 3 ? Task.FromException(new TimeoutException("away")) : Task.CompletedTask;
        var imds = new FakeImds();
        await using var server = await FakeServer.StartAsync(imds.Answer);
        imds.Interruption = $$"""{"action": "terminate", "time": "{{server.Clock.AddSeconds(120):yyyy-MM-ddTHH:mm:ssZ}}"}""";
        await using var running = await RunAsync("aws", o => o.MetadataEndpoint = server.Address);

        await _place.First;
        await server.AnsweredAsync(6);

        var (remaining, reason) = Assert.Single(_place.Delivered);
        Assert.Equal((3, "EC2 spot interruption: terminate"), (_place.Tries, reason));
        Assert.InRange(remaining.TotalSeconds, 90, 119.9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Advice_is_passed_on_only_where_the_options_say_so(bool advisory)
    {
        var imds = new FakeImds { Rebalance = """{"noticeTime": "2031-05-06T07:08:00Z"}""" };
        await using var server = await FakeServer.StartAsync(imds.Answer);
        await using var running = await RunAsync("aws", o => (o.MetadataEndpoint, o.Advisory) = (server.Address, advisory));

        if (advisory) await _place.First;
        else await server.AnsweredAsync(6);

        Assert.Equal(advisory ? ["EC2 rebalance recommendation"] : [], _place.Delivered.Select(d => d.Reason));
        Assert.Single(_log.Of(LogLevel.Warning));
    }

    [Fact]
    public async Task Azure_is_told_that_it_may_begin_only_when_nobody_needs_the_instance()
    {
        var azure = new FakeAzure();
        await using var server = await FakeServer.StartAsync(azure.Answer);
        azure.Events = FakeAzure.Event("Preempt", "trainers_7", $"{server.Clock.AddSeconds(30):R}", id: "e-7");
        string? user = "job j-1";
        _place.User = () => user;
        await using var running = await RunAsync("azure", o => (o.MetadataEndpoint, o.AzureAcknowledge) = (server.Address, true));

        await Patience.Until(() => _place.Questions >= 3);
        Assert.Empty(azure.Approved);
        user = null;
        await Patience.Until(() => !azure.Approved.IsEmpty);
        Assert.Contains("e-7", Assert.Single(azure.Approved), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_fails_does_not_take_the_others_or_the_host_along()
    {
        var imds = new FakeImds { Interruption = """{"action": "hibernate"}""" };
        await using var server = await FakeServer.StartAsync(imds.Answer);
        await using var running = await RunAsync("google,aws", o => o.MetadataEndpoint = server.Address, services => services.AddKeyedSingleton<IAvailabilitySource>("google", new Broken()));

        await _place.First;

        Assert.Equal("Availability source broken failed and is begun again.", Assert.Single(_log.Of(LogLevel.Error)));
        Assert.False(running.Ended);
    }

    private async Task<Running> RunAsync(string sources, Action<AvailabilityOptions> configure, Action<IServiceCollection>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddAvailability(o =>
        {
            (o.Sources, o.Interval, o.RequestTimeout) = (sources, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
            configure(o);
        });
        builder.Services.AddSingleton<IFleetPlace>(_place).AddSingleton<ILogger<AvailabilityMonitor>>(_log).AddHostedService<AvailabilityMonitor>();
        more?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new Running(host);
    }

    private sealed class Running(IHost host) : IAsyncDisposable
    {
        public bool Ended => host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync().WaitAsync(Patience.Long);
            host.Dispose();
        }
    }

    private sealed class Broken : IAvailabilitySource
    {
        public string Name => "broken";

        public async IAsyncEnumerable<AvailabilityNotice> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            await Task.Yield();
            if (!cancellation.IsCancellationRequested) throw new InvalidOperationException("a mistake in the source");
            yield break;
        }
    }
}
