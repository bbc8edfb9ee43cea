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

    /// <summary>Watches the certificate of a member, whose files are looked at again here too while no connection is made.</summary>
    public static CertificateWatch Of(MutualTls tls, TimeProvider time, ILogger<CertificateWatch> logger) => new("members", () => (tls.NotAfter, tls.Problem), time, logger);

    /// <summary>Watches that of the HTTP port.</summary>
    public static CertificateWatch Of(ServerCertificate http, TimeProvider time, ILogger<CertificateWatch> logger) => new("http", () => (http.NotAfter, http.Problem), time, logger);

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
        if (problem is not null && problem != _said) LogNotRead(certificate, problem, notAfter);
        if (problem is null && _said is not null) LogRead(certificate, notAfter);
        _said = problem;
    }

    [LoggerMessage(LogLevel.Warning, "The certificate for {Use} could not be read again, what was read before stays in use until {NotAfter}: {Problem}")]
    private partial void LogNotRead(string use, string problem, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Information, "The certificate for {Use} was read again; it ends {NotAfter}")]
    private partial void LogRead(string use, DateTimeOffset notAfter);
}
