using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Parcae.Client.Tests.Sdk;

public sealed class HostingTests
{
    [Fact]
    public void Defaults_are_those_of_the_options_and_good()
    {
        var options = new ParcaeClientOptions();
        Assert.Equal(("127.0.0.1:6379", "parcae", "parcae"), (options.Redis, options.ClusterId, options.ServiceId));
        Assert.Equal((30, 10, 60, 2), (options.ConnectTimeout.TotalSeconds, options.ResponseTimeout.TotalSeconds, options.RetryFor.TotalSeconds, options.GatewayRefresh.TotalSeconds));
        Assert.Empty(ParcaeClientOptionsValidator.Problems(options));
    }

    [Fact]
    public void Options_come_from_the_configuration_and_then_from_the_program()
    {
        var builder = Builder(("Parcae:Client:Redis", "redis:1"), ("Parcae:Client:ClusterId", "blue"), ("Parcae:Client:RetryFor", "00:00:05"));
        builder.AddParcaeClient(o => o.ClusterId = "green");
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<ParcaeClientOptions>>().Value;
        Assert.Equal(("redis:1", "green", TimeSpan.FromSeconds(5)), (options.Redis, options.ClusterId, options.RetryFor));
        Assert.Same(host.Services.GetRequiredService<ParcaeClient>(), host.Services.GetRequiredService<IParcaeClient>());
    }

    [Fact]
    public async Task Every_option_that_is_not_valid_is_named_when_the_program_starts()
    {
        var builder = Builder();
        builder.AddParcaeClient(o => (o.Redis, o.ClusterId, o.ResponseTimeout, o.RetryFor) = ("host:1,notAnOption=3", " ", TimeSpan.Zero, TimeSpan.FromDays(2)));
        using var host = builder.Build();
        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            [
                "ClusterId: ' ' is not valid; it must be a non-empty text.",
                "ResponseTimeout: 00:00:00 is not valid; it must be from 00:00:00.0100000 to 1.00:00:00.",
                "RetryFor: 2.00:00:00 is not valid; it must be from 00:00:00 to 1.00:00:00.",
            ],
            e.Failures.Take(3));
        Assert.StartsWith("Redis: 'host:1,notAnOption=3' is not a Redis address: ", e.Failures.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Starting_fails_where_there_is_no_service_and_the_client_says_that_it_is_not_connected()
    {
        var builder = Builder();
        builder.AddParcaeClient(o => (o.Redis, o.ConnectTimeout) = ("127.0.0.1:1,connectTimeout=200", TimeSpan.Zero));
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<IParcaeClient>();
        var early = await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetStatusAsync("j", TestContext.Current.CancellationToken));
        Assert.Contains("connects when the program's host starts", early.Message, StringComparison.Ordinal);
        var e = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("No Parcae service was found at Redis 127.0.0.1:1", e.Message, StringComparison.Ordinal);
    }

    private static HostApplicationBuilder Builder(params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(configuration.ToDictionary(c => c.Key, c => (string?)c.Value));
        return builder;
    }
}
