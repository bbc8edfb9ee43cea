using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains.Security;
using Parcae.Grains.Telemetry;
using Parcae.Silo.Telemetry;
using Parcae.Silo.Tests.Api;
using Xunit;

namespace Parcae.Silo.Tests.Telemetry;

/// <summary>What a silo says of its certificates.</summary>
public sealed class CertificateWatchTests
{
    [Fact]
    public async Task A_certificate_that_was_renewed_is_told_at_the_next_look_and_one_that_cannot_be_read_is_logged_once()
    {
        using var authority = new TestAuthority();
        var time = new FakeTimeProvider();
        var (certificate, key) = authority.Issue("silo", Whole(DateTimeOffset.UtcNow.AddDays(2)));
        var tls = MutualTls.Read(certificate, key, authority.AuthorityFile, time);
        using var lines = new AllLines();
        using var factory = LoggerFactory.Create(l => l.AddProvider(lines));
        // An attribute of its own: the meter is the process's.
        string attribute = $"{Guid.NewGuid()}";
        var told = Channel.CreateUnbounded<double>();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new KeyValuePair<string, object?>("certificate", attribute))) told.Writer.TryWrite(value);
        });
        listener.EnableMeasurementEvents(ParcaeTelemetry.CertificateExpiry);

        using var watch = new CertificateWatch(attribute, () => (tls.NotAfter, tls.Problem), time, factory.CreateLogger<CertificateWatch>());
        await watch.StartAsync(TestContext.Current.CancellationToken);
        double first = await TellAsync();
        Assert.Equal(tls.NotAfter.ToUnixTimeSeconds(), first);

        var renewed = authority.Issue("silo", Whole(DateTimeOffset.UtcNow.AddDays(9)));
        File.Copy(renewed.Key, key, overwrite: true);
        File.Copy(renewed.Certificate, certificate, overwrite: true);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(first + TimeSpan.FromDays(7).TotalSeconds, await TellAsync(), 2.0);

        File.WriteAllText(certificate, "no certificate");
        foreach (int _ in Enumerable.Range(0, 3))
        {
            time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(first + TimeSpan.FromDays(7).TotalSeconds, await TellAsync(), 2.0);
        }

        File.Copy(renewed.Certificate, certificate, overwrite: true);
        foreach (int _ in Enumerable.Range(0, 2))
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await TellAsync();
        }

        await watch.StopAsync(TestContext.Current.CancellationToken);
        string[] said = lines.Text.Split(Environment.NewLine);
        Assert.Contains($"{certificate}: it holds no certificate", Assert.Single(said, l => l.Contains("could not be read again", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Single(said, l => l.Contains("was read again", StringComparison.Ordinal));

        async Task<double> TellAsync() => await told.Reader.ReadAsync(TestContext.Current.CancellationToken);
    }

    // A certificate has no fractions of a second.
    private static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
