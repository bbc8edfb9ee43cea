using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parcae.Grains.Security;
using Parcae.Grains.Telemetry;

namespace Parcae.Silo.Telemetry;

/// <summary>Says once a minute when a certificate of this silo ends (<see cref="ParcaeTelemetry.CertificateExpiry"/>), and in the log when one that was replaced cannot be read.</summary>
/// <param name="certificate">What it is for: the measurement's attribute.</param>
/// <param name="look">When it ends, and why the files could not be read again, or null.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class CertificateWatch(string certificate, Func<(DateTimeOffset NotAfter, string? Problem)> look, TimeProvider time, ILogger<CertificateWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private string? _said;

    /// <summary>Watches the certificate of a member, which reads its files again here too while no connection is made.</summary>
    public static CertificateWatch Of(MutualTls tls, TimeProvider time, ILogger<CertificateWatch> logger) => new("members", () => (tls.NotAfter, tls.Problem), time, logger);

    /// <summary>Watches that of the HTTP port, which is read once.</summary>
    public static CertificateWatch Of(PemIdentity http, TimeProvider time, ILogger<CertificateWatch> logger) => new("http", () => (http.Own.NotAfter, null), time, logger);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do Look();
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Look()
    {
        var (notAfter, problem) = look();
        ParcaeTelemetry.CertificateExpiry.Record(notAfter.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("certificate", certificate));
        if (problem is not null && problem != _said) LogNotRead(problem, notAfter);
        if (problem is null && _said is not null) LogRead(notAfter);
        _said = problem;
    }

    [LoggerMessage(LogLevel.Warning, "The certificates of members could not be read again, those read before stay in use until {NotAfter}: {Problem}")]
    private partial void LogNotRead(string problem, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Information, "The certificates of members were read again; this silo's ends {NotAfter}")]
    private partial void LogRead(DateTimeOffset notAfter);
}
