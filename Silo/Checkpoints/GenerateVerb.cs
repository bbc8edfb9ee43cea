using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Generation;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Checkpoints;

/// <summary><c>Parcae.Silo generate</c>: a checkpoint's model continues a text.</summary>
internal static class GenerateVerb
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var checkpoint = new CheckpointOptions();
        var prompt = new Option<string?>("--prompt") { Description = "The text to continue.", HelpName = "TEXT" };
        var promptTokens = new Option<string?>("--prompt-tokens") { Description = "The tokens to continue, of any gpt; tokens are printed.", HelpName = "N,N,..." };
        var tokens = Whole("--tokens", "Tokens to generate.", 200, 1_000_000);
        var temperature = CheckpointOptions.Number<double?>("--temperature", "Divides the logits; 0: always the likeliest token.", 0.8, "a number from 0 to 100",
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double t) && t is >= 0 and <= 100 ? t : null);
        var topK = Whole("--top-k", "Draw from the K likeliest tokens only; 0: from all.", 0, int.MaxValue);
        var seed = Whole("--seed", "Fixes every draw.", 1, int.MaxValue);
        var command = checkpoint.AddTo(new Command("generate", "Continues a text with a checkpoint's model.") { prompt, promptTokens, tokens, temperature, topK, seed });
        command.SetAction(parsed =>
        {
            var (text, numbers) = (parsed.GetValue(prompt), parsed.GetValue(promptTokens));
            if (string.IsNullOrEmpty(text) == string.IsNullOrEmpty(numbers)) throw new UsageException("--prompt: one of --prompt and --prompt-tokens must be given, and not be empty.");
            int[]? given = numbers is null ? null : Parse(numbers);
            var options = new GenerationOptions(parsed.GetValue(tokens)!.Value, parsed.GetValue(temperature)!.Value, parsed.GetValue(topK)!.Value, parsed.GetValue(seed)!.Value);
            var store = checkpoint.Store(parsed);
            var reading = ProgressLines.Of(error, "reading");
            var choice = checkpoint.Choose(parsed, store, error, version => store.Read(version, reading), () => store.ReadNewest(reading));
            using var trained = choice.Contents;
            var tokenizer = text is null ? null : store.OpenTokenizer(trained.Manifest);
            bool json = parsed.GetValue(checkpoint.Json);
            var said = Continue(trained, tokenizer, text, given, options, json ? TextWriter.Null : output);
            var generated = new Generated(checkpoint.Job(parsed), choice.Version, text, given, said.Text, said.Tokens, [.. choice.Damaged.Select(d => d.Message)]);
            if (json) output.WriteLine(JsonSerializer.Serialize(generated, JsonSerializerOptions.Web));
            return 0;
        });
        return command;
    }

    private static (string? Text, int[] Tokens) Continue(TrainedModel trained, ITokenizer? tokenizer, string? text, int[]? given, GenerationOptions options, TextWriter output)
    {
        try
        {
            using var generator = new TextGenerator(trained.Model, trained.States, trained.Manifest.Training.Precision);
            var words = tokenizer is null ? null : new TokenText(tokenizer);
            var (tokens, said) = (new List<int>(), new StringBuilder());
            void Say(string part)
            {
                said.Append(part);
                output.Write(part);
                output.Flush();
            }

            output.Write(text);
            foreach (int token in generator.Generate(given ?? tokenizer!.Encode(text!), options))
            {
                Say(words is not null ? words.Decode(token) : tokens.Count == 0 ? $"{token}" : $",{token}");
                tokens.Add(token);
            }

            if (words is not null) Say(words.End());
            output.WriteLine();
            return (text is null ? null : said.ToString(), [.. tokens]);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static int[] Parse(string numbers) => [.. numbers.Split(',').Select(n => int.TryParse(n.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int token)
        ? token
        : throw new UsageException($"--prompt-tokens: '{n}' is not valid; it must be a whole number, at least 0."))];

    private static Option<int?> Whole(string name, string description, int @default, int most) => CheckpointOptions.Number<int?>(name, description, @default, $"a whole number from 0 to {most}",
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n <= most ? n : null);

    private sealed record Generated(string JobId, int Step, string? Prompt, int[]? PromptTokens, string? Text, int[] Tokens, string[] Damaged);
}
