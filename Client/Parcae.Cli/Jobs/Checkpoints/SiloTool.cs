using System.Diagnostics;
using System.Globalization;

using Parcae.Cli.Commands;
using Parcae.Cli.Live;

using Spectre.Console;

namespace Parcae.Cli.Jobs.Checkpoints;

/// <summary>Runs a verb of the silo's program that works and ends, and shows what it says: its results as they come, its progress as a bar on a terminal.</summary>
internal static class SiloTool
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="start">The verb.</param>
    /// <param name="streams">Whether its output is shown as it comes; then no bar is drawn beside it.</param>
    /// <param name="context">Where its output goes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its exit code, which means the same as ours.</returns>
    /// <exception cref="CommandFailedException">It ended otherwise than by an exit code of its own.</exception>
    public static async Task<int> RunAsync(ProcessStartInfo start, bool streams, CommandContext context, CancellationToken cancellation)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        // A pipe of its own: children must not read from the user's terminal.
        start.RedirectStandardInput = true;
        using var process = Process.Start(start) ?? throw new CommandFailedException($"'{start.FileName}' did not start.");
        if (context.Interruption is { } interruption) interruption.AtOnce = process.Kill;
        try
        {
            var held = new StringWriter();
            var output = CopyAsync(process.StandardOutput, streams ? context.Output : held, cancellation);
            await FollowAsync(process.StandardError, context.IsTerminal && !streams, context, cancellation).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await context.Output.WriteAsync(held.ToString()).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return process.ExitCode is ParcaeCommand.Ok or ParcaeCommand.Failed or ParcaeCommand.WrongUsage
            ? process.ExitCode
            : throw new CommandFailedException($"The silo's program ended with exit code {process.ExitCode}.");
    }

    /// <summary>A line of progress, or null.</summary>
    internal static (double Percent, string Work)? Progress(string line) =>
        line.Split(" %  ", 2) is [var percent, var work] && double.TryParse(percent, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out double value) ? (value, work) : null;

    // As it comes, not line by line: a text is generated character by character.
    private static async Task CopyAsync(StreamReader from, TextWriter to, CancellationToken cancellation)
    {
        var buffer = new char[1024];
        for (int read; (read = await from.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
            await to.FlushAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static async Task FollowAsync(StreamReader errors, bool draws, CommandContext context, CancellationToken cancellation)
    {
        string? line;
        while ((line = await errors.ReadLineAsync(cancellation).ConfigureAwait(false)) is not null && Progress(line) is null) await Tell(line).ConfigureAwait(false);
        if (line is null) return;
        if (!draws)
        {
            do
            {
                if (Progress(line) is null) await Tell(line).ConfigureAwait(false);
                else await context.Error.WriteLineAsync(line).ConfigureAwait(false);
            }
            while ((line = await errors.ReadLineAsync(cancellation).ConfigureAwait(false)) is not null);
            return;
        }

        var others = await context.CreateConsole().Progress().AutoClear(true).ShowAsync(async bars =>
        {
            var others = new List<string>();
            var tasks = new Dictionary<string, ProgressTask>();
            do
            {
                if (Progress(line) is not var (percent, work))
                {
                    others.Add(line);
                    continue;
                }

                if (!tasks.TryGetValue(work, out var bar)) tasks[work] = bar = bars.AddTask(Markup.Escape(work));
                bar.Value = percent;
            }
            while ((line = await errors.ReadLineAsync(cancellation).ConfigureAwait(false)) is not null);
            return others;
        }).ConfigureAwait(false);
        foreach (string other in others) await Tell(other).ConfigureAwait(false);

        Task Tell(string text) => context.Error.WriteLineAsync($"parcae: {text}");
    }
}
