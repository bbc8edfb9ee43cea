using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Google;

/// <summary>
/// Preemption and host maintenance of a Compute Engine machine, by its metadata server. Each of the two values is waited for with a request of its own that the server answers when the value changes, so a preemption,
/// which comes 30 seconds ahead, is heard of at once.
/// </summary>
internal sealed class GoogleSource(AvailabilityOptions options, TimeProvider time, ILogger<GoogleSource> logger) : IAvailabilitySource
{
    /// <summary>Its name.</summary>
    public const string SourceName = "google";

    /// <summary>The shortest time from a notice of maintenance to its beginning; machines with accelerators get an hour.</summary>
    private static readonly TimeSpan MaintenanceNotice = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public string Name => SourceName;

    /// <summary>Whether the service answers, and is Google's.</summary>
    public static async Task<bool> AnswersAsync(AvailabilityOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var client = SourceHttp.Client(options.Metadata, options.ProbeTimeout);
        return await client.SendAsync(GoogleValue.Request("preempted"), options.ProbeTimeout, time, cancellation) is { Status: HttpStatusCode.OK, Flavor: GoogleValue.Flavor };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<AvailabilityNotice> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var heard = Channel.CreateUnbounded<AvailabilityNotice>();
        var values = Task.WhenAll(
            FollowAsync(new GoogleValue("preempted", Preempted, options, time, logger), heard.Writer, either),
            FollowAsync(new GoogleValue("maintenance-event", Maintained, options, time, logger), heard.Writer, either));
        _ = values.ContinueWith(t => heard.Writer.TryComplete(t.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var notice in heard.Reader.ReadAllAsync(CancellationToken.None)) yield return notice;
            cancellation.ThrowIfCancellationRequested();
        }
        finally
        {
            await either.CancelAsync();
            await values.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private AvailabilityNotice? Preempted(string value) => value switch
    {
        "FALSE" => null,
        "TRUE" => new("preempted", NoticeKind.Preemption, options.GoogleNotice, "Compute Engine preemption"),
        _ => throw new SourceException($"'instance/preempted' is '{value}'; it must be TRUE or FALSE"),
    };

    private static AvailabilityNotice? Maintained(string value) => value switch
    {
        "NONE" => null,
        "TERMINATE_ON_HOST_MAINTENANCE" => new(value, NoticeKind.Maintenance, MaintenanceNotice, "Compute Engine host maintenance: the machine is stopped"),
        // The machine moves while it runs, and stands still for less than a second.
        "MIGRATE_ON_HOST_MAINTENANCE" => new(value, NoticeKind.Maintenance, MaintenanceNotice, "Compute Engine host maintenance: the machine is migrated") { Advisory = true },
        _ => throw new SourceException($"'instance/maintenance-event' is '{value}'; it must be NONE, MIGRATE_ON_HOST_MAINTENANCE or TERMINATE_ON_HOST_MAINTENANCE"),
    };

    private static async Task FollowAsync(GoogleValue value, ChannelWriter<AvailabilityNotice> to, CancellationTokenSource either)
    {
        try
        {
            await foreach (var notice in value.WatchAsync(either.Token)) await to.WriteAsync(notice, either.Token);
        }
        finally
        {
            // One of two is not enough: whoever watches has to hear of it.
            await either.CancelAsync();
        }
    }
}
