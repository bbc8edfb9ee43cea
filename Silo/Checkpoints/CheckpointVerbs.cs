using System.CommandLine;
using Parcae.GpuWorker.Checkpoints;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Checkpoints;

/// <summary>What one does with checkpoints apart from training; needs no running service. Exit codes: 0 ok, 1 failed, 2 wrong usage.</summary>
internal static class CheckpointVerbs
{
    /// <summary>The verbs.</summary>
    public static IReadOnlyList<string> Names { get; } = ["export", "generate", "import"];

    /// <summary>Runs one.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("The host of Parcae.Orleans: what one does with a job's checkpoints.")
        {
            ExportVerb.Create(output, error),
            GenerateVerb.Create(output, error),
            ImportVerb.Create(output),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(e => e.Message).Distinct()) await error.WriteLineAsync(message);
            return 2;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await error.WriteLineAsync(e.Message);
            return 1;
        }
    }
}
