using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Detection;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class SourceDetectionTests : IDisposable
{
    private const string Pod = "a pod";
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-machine-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Amazon EC2", "p4d.24xlarge", "Amazon EC2", "1.0", "aws")]
    [InlineData("Xen", "HVM domU", "", "4.11.amazon", "aws")]
    [InlineData("Microsoft Corporation", "Virtual Machine", "7783-7084-3265-9085-8269-3286-77", "Hyper-V UEFI Release v4.1", "azure")]
    [InlineData("Microsoft Corporation", "Virtual Machine", "1234-5678", "Hyper-V UEFI Release v4.1", "")]
    [InlineData("Google", "Google Compute Engine", "", "Google", "google")]
    [InlineData("Dell Inc.", "PowerEdge R740", "", "2.15.1", "")]
    public async Task The_machines_own_strings_decide_and_nothing_is_sent(string vendor, string product, string tag, string firmware, string expected)
    {
        foreach (var (name, value) in new[] { ("sys_vendor", vendor), ("product_name", product), ("chassis_asset_tag", tag), ("bios_version", firmware) })
            await File.WriteAllTextAsync(Path.Combine(_folder, name), value + "\n");
        Assert.Equal(expected, await FindAsync(o => (o.MachineFolder, o.MetadataEndpoint) = (_folder, null)));
    }

    [Fact]
    public async Task A_machine_that_does_not_say_what_it_is_is_asked_and_AWS_answers()
    {
        await using var server = await FakeServer.StartAsync(new FakeImds().Answer);
        Assert.Equal("aws", await FindAsync(o => o.MetadataEndpoint = server.Address));
    }

    [Fact]
    public async Task A_machine_that_does_not_say_what_it_is_is_asked_and_Azure_answers()
    {
        await using var server = await FakeServer.StartAsync(new FakeAzure().Answer);
        Assert.Equal("azure", await FindAsync(o => o.MetadataEndpoint = server.Address));
        Assert.DoesNotContain(server.Asked, a => a.Contains("scheduledevents", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_machine_that_does_not_say_what_it_is_is_asked_and_Google_answers()
    {
        await using var server = await FakeServer.StartAsync(new FakeGoogle().Answer);
        Assert.Equal("google", await FindAsync(o => o.MetadataEndpoint = server.Address));
    }

    [Fact]
    public async Task Some_other_server_at_the_address_is_no_source()
    {
        await using var server = await FakeServer.StartAsync(c =>
        {
            c.Response.StatusCode = 404;
            return c.Response.WriteAsync("nothing here");
        });
        Assert.Equal("", await FindAsync(o => o.MetadataEndpoint = server.Address));
        Assert.Equal(3, server.Asked.Length);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        await using var server = await FakeServer.StartAsync(c => Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        Assert.Equal("", await FindAsync(o => (o.MetadataEndpoint, o.ProbeTimeout) = (server.Address, TimeSpan.FromMilliseconds(100))));
    }

    [Fact]
    public async Task A_pod_with_a_service_account_has_the_Kubernetes_source_besides_its_clouds()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "token"), Pod);
        await using var server = await FakeServer.StartAsync(new FakeImds().Answer);
        Assert.Equal("aws,kubernetes", await FindAsync(o =>
            (o.MetadataEndpoint, o.ServiceAccount, o.Variable) = (server.Address, _folder, name => name == "KUBERNETES_SERVICE_HOST" ? "10.96.0.1" : null)));
    }

    [Theory]
    [InlineData("none", "")]
    [InlineData("google", "google")]
    [InlineData("kubernetes,aws,aws", "kubernetes,aws")]
    public async Task Sources_that_are_named_are_taken_without_asking(string named, string expected) => Assert.Equal(expected, await FindAsync(o => o.Sources = named));

    private static async Task<string> FindAsync(Action<AvailabilityOptions> configure)
    {
        await using var services = new ServiceCollection().AddLogging().AddAvailability(o =>
        {
            (o.MachineFolder, o.ServiceAccount, o.Variable, o.ProbeTimeout) = ("/nowhere", "/nowhere", _ => null, TimeSpan.FromSeconds(10));
            o.MetadataEndpoint = new Uri("http://127.0.0.1:1/");
            configure(o);
        }).BuildServiceProvider();
        var found = await services.GetRequiredService<SourceDetection>().FindAsync(CancellationToken.None);
        return string.Join(",", found.Select(s => s.Name));
    }
}
