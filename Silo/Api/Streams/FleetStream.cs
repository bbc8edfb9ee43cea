using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Parcae.Grains;
using Parcae.Silo.Api.Fleet;
using Parcae.Silo.Api.Jobs;

namespace Parcae.Silo.Api.Streams;

/// <summary>A fleet and its jobs, live.</summary>
internal sealed class FleetStream(JobLooks looks, IOptions<JsonOptions> json, TimeProvider time)
{
    private const int MostJobs = 100;
    private const int LogPage = 200;

    /// <summary>Everything from after an event on (null: the last one), until the reader has had enough. While nobody answers for the fleet nothing comes but pings.</summary>
    public async IAsyncEnumerable<SseItem<object>> ReadAsync(string fleet, long? after, [EnumeratorCancellation] CancellationToken stop)
    {
        var changes = new Changes(json, time);
        while (!stop.IsCancellationRequested)
        {
            if (await LookAsync(fleet, after) is { } look)
            {
                after ??= look.Fleet.LastSequence;
                foreach (var e in look.Events)
                {
                    after = e.Sequence;
                    yield return changes.Numbered("availability", e, e.Sequence);
                }

                if (changes.Of("fleet", look.Fleet) is { } view) yield return view;
                if (changes.Of("jobs", look.Jobs) is { } jobs) yield return jobs;
            }

            if (changes.Ping() is { } ping) yield return ping;
            await Pausing.For(looks.Every, time, stop);
        }
    }

    private async Task<(FleetView Fleet, JobSummary[] Jobs, AvailabilityEvent[] Events)?> LookAsync(string fleet, long? after)
    {
        try
        {
            var view = FleetView.Of(fleet, await looks.FleetAsync(fleet));
            var events = after is { } known && view.LastSequence > known ? await looks.Fleet(fleet).ReadLog(known, LogPage) : [];
            return (view, await looks.JobsAsync(fleet, null, MostJobs), events);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }
}
