using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Instances;

/// <summary><c>parcae instances</c>: the fleet of a running service.</summary>
internal static class InstancesCommand
{
    /// <summary>The verb with those below it.</summary>
    public static Command Create(CommandContext context) => new("instances", "Instances of a running service.") { List(context), Drain(context) };

    private static Command List(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var name = ServiceOptions.Fleet();
        var command = service.AddTo(new Verb("list", "Every instance that is not gone.", "", "parcae instances list", "parcae instances list --json") { name });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var fleet = await client.GetFleetAsync(parsed.GetValue(name)!, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, fleet.Instances.Select(InstanceView.Of));
            else context.CreateConsole().Write(Table(fleet));
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Drain(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var instance = new Argument<string>("instance") { Description = "The instance's id." };
        var within = Values.Seconds("--within", "When it will be gone. Default: 120.", TimeSpan.Zero, TimeSpan.FromDays(1));
        var reason = new Option<string>("--reason") { Description = "Why, for people.", DefaultValueFactory = _ => "drained by a user" };
        var fleet = ServiceOptions.Fleet();
        var command = service.AddTo(new Verb("drain", "Tell an instance's job to leave it before it is gone.", "", "parcae instances drain i-0004", "parcae instances drain i-0004 --within 10m --reason maintenance") { instance, within, reason, fleet });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            string id = parsed.GetValue(instance)!;
            var remaining = parsed.GetValue(within) ?? TimeSpan.FromSeconds(120);
            await client.NoticeAsync(id, remaining, parsed.GetValue(reason)!, parsed.GetValue(fleet)!, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, new { instance = id, withinSeconds = remaining.TotalSeconds });
            else await context.Output.WriteLineAsync($"{id} drains; it may go in {remaining.TotalSeconds:0.#} s.").ConfigureAwait(false);
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Table Table(FleetSnapshot fleet)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["instance", "role", "phase", "job", "zone", "USD/h", "data plane", "since", "gone at"]) table.AddColumn(column);
        foreach (var view in fleet.Instances.Select(InstanceView.Of))
        {
            string[] cells =
                [view.Id, view.Role, view.Phase, view.JobId ?? "-", view.Zone, $"{view.PricePerHour:0.000}", view.DataPlane, $"{view.PhaseSince:HH:mm:ss}", view.Deadline is { } at ? $"{at:HH:mm:ss}" : "-"];
            table.AddRow(cells.Select(c => new Text(c)));
        }

        return table;
    }
}

/// <summary>An instance for people and programs.</summary>
internal sealed record InstanceView(
    string Id, string Role, string Phase, string? JobId, string Zone, double PricePerHour, string DataPlane, DateTimeOffset? Deadline, DateTimeOffset JoinedAt, DateTimeOffset PhaseSince, int Incarnation)
{
    public static InstanceView Of(InstanceRecord r) => new(
        r.Info.Id, $"{r.Info.Role}".ToLowerInvariant(), $"{r.Phase}".ToLowerInvariant(), r.JobId, r.Info.Zone, r.Info.PricePerHour,
        $"{r.Info.DataPlane.Host}:{r.Info.DataPlane.Port}", r.Deadline, r.JoinedAt, r.PhaseSince, r.Info.DataPlane.Incarnation);
}
