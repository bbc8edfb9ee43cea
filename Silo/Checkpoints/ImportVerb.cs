using System.CommandLine;
using System.Text.Json;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.Silo.Checkpoints;

/// <summary><c>Parcae.Silo import</c>: checks that a job can begin from a model of others, and says how.</summary>
internal static class ImportVerb
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create(TextWriter output)
    {
        var from = new Option<string>("--from") { Description = "A GPT-2 in the Hugging Face layout.", HelpName = "FOLDER", Required = true };
        var command = new Command("import", "Checks a model of others to begin from, and prints the model section of a job that does.") { from };
        command.SetAction(parsed =>
        {
            var spec = HuggingFaceGpt2.ReadSpec(Path.GetFullPath(parsed.GetValue(from)!));
            var states = HuggingFaceGpt2.Import(spec.InitialWeights!, ModelFactory.Create(spec), new TrainingSpec { Optimizer = "sgd", Momentum = 0 });
            foreach (var state in states) state.Dispose();
            var model = new { spec.Family, spec.Blocks, spec.Hidden, spec.Heads, spec.SequenceLength, spec.Vocabulary, spec.Dropout, spec.TiedEmbeddings, spec.InitialWeights };
            output.WriteLine(JsonSerializer.Serialize(new { model }, Json));
            return 0;
        });
        return command;
    }
}
